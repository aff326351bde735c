# DGN-B5 on FCN-8s: blocks 5 and 6 instead of 4 to 6 (DGN-B4 is fcn8s_voc_gblur_d5.py).
_base_ = './fcn8s_voc_gblur_d5.py'
model = dict(
    taps=dict(
        relu=dict(_delete_=True, b5=['backbone.relu5_*'], b6=['backbone.relu6', 'backbone.relu7']),
        conv=dict(_delete_=True, b5=['backbone.conv5_*'], b6=['backbone.fc6', 'backbone.fc7']),
    )
)
