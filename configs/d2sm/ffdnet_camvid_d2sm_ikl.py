# D2SM with the inverse divergence, KL(clean || restored).
_base_ = './ffdnet_camvid_d2sm.py'
model = dict(losses=dict(d2sm=dict(divergence='ikl')))
