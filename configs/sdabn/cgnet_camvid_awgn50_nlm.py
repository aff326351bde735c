# Test only: non-local means, free where BM3D is not, then the clean-trained segmentor. For another
# σ set model.restorer.h to about 0.9 times it. test.py CONFIG CLEAN
_base_ = './cgnet_camvid_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(_delete_=True, type='ClassicalRestorer', method='non_local_means', h=45),
    restorer_checkpoint=None,
)
