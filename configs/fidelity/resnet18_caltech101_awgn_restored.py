# Test only: restored, then the clean network; restorer of resnet18_caltech101_awgn_pretrained.py.
_base_ = './resnet18_caltech101_awgn_retrained_noisy.py'
load_from = None
model = dict(
    _delete_=True,
    type='RestoreThenClassify',
    classifier=_base_.model,
    restorer=dict(type='DnCNN', depth=8, width=24),
    restorer_checkpoint='work_dirs/resnet18_caltech101_awgn_pretrained/stage_1_restorer.pth',
    clean_checkpoint='work_dirs/resnet18_caltech101_clean/iter_3000.pth',
)
