# DGN-B2 on FCN-8s: blocks 2 to 6 instead of 4 to 6 (DGN-B4 is fcn8s_voc_gblur_d5.py).
_base_ = './fcn8s_voc_gblur_d5.py'
model = dict(
    taps=dict(
        relu=dict(b2=['backbone.relu2_*'], b3=['backbone.relu3_*']),
        conv=dict(b2=['backbone.conv2_*'], b3=['backbone.conv3_*']),
    )
)
