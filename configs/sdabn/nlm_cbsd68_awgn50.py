# Test only: non-local means on CBSD68; for another σ set model.restorer.h to about 0.9 times it.
# test.py CONFIG none
_base_ = ['../_base_/datasets/cbsd68.py', '../_base_/default_runtime.py']
model = dict(
    type='RestorationModel',
    restorer=dict(type='ClassicalRestorer', method='non_local_means', h=45),
)
