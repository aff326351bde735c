# FCN-8s on clean Cityscapes, from ImageNet weights: the network every adaptation starts from.
# lr 1.9e-4 is the Caffe original (1e-10 on a summed loss at momentum 0.99) for a mean loss at 0.9.
_base_ = [
    '../_base_/models/fcn8s_vgg16.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://vgg16')),
    decode_head=dict(num_classes=19),
)
