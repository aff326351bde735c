# Test of FCN-8s, fine-tuned on rendered haze, on photographs in real haze.
# For tools/test.py only.
_base_ = './fcn8s_voc_finetune_haze_d5.py'
degradation = dict(_delete_=True, kind='clean')  # the images are hazy already
test_dataloader = dict(
    dataset=dict(
        type='RealHazeDataset',
        data_root='data/real_haze',
        data_prefix=dict(seg_map_path='SegmentationClass'),
        ann_file='test.txt',
    )
)
