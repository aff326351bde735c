# Setup 3 on the Caltech-101 sample: retrained on restored images, from the clean network.
_base_ = './resnet18_caltech101_awgn_restored.py'
