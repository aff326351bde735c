# Test only: CBDNet, then the fixed clean-trained segmentor.
_base_ = './ffdnet_cityscapes_test.py'
model = dict(
    restorer=dict(_delete_=True, type='CBDNet'),
    restorer_checkpoint='work_dirs/cbdnet_cityscapes_d2sm/iter_148750.pth',
    condition=None,
)
