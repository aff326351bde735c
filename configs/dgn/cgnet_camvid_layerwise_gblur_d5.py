# DGN-Layerwise: every target layer is matched with the same source layer only.
# Its weight makes the first gradient (source clean) as large as that of all pairs at 100.
_base_ = './cgnet_camvid_gblur_d5.py'
model = dict(loss_gram=dict(pairing='layerwise', loss_weight=3000))
