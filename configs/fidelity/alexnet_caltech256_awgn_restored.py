# Test only: restored, then AlexNet of setup 1 (or 2). test.py CONFIG CLEAN
_base_ = './alexnet_caltech256_awgn_retrained_restored.py'
model = dict(clean_checkpoint='work_dirs/alexnet_caltech256_clean/iter_9650.pth')
