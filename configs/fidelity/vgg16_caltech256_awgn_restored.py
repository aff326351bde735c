# Test only: restored, then VGG16 of setup 1 (or 2). test.py CONFIG CLEAN
_base_ = './vgg16_caltech256_awgn_retrained_restored.py'
model = dict(clean_checkpoint='work_dirs/vgg16_caltech256_clean/iter_9650.pth')
