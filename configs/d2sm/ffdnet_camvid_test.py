# Test only: a small FFDNet, then the fixed clean-trained segmentor; mIoU, PSNR and SSIM at σ 25, 35
# and 50. test.py CONFIG CLEAN --cfg-options model.restorer_checkpoint=RESTORER
_base_ = './ffdnet_camvid_l1.py'
model = dict(
    _delete_=True,
    type='RestoreThenSegment',
    segmentor=_base_.fixed.segmentor,
    clean_checkpoint=_base_.fixed.checkpoint,
    restorer=_base_.restorer,
    restorer_checkpoint='work_dirs/ffdnet_camvid_d2sm/iter_1000.pth',
    condition='noise_level',
)
test_evaluator = _base_.restoring_evaluator
