# D2SM with the Jensen-Shannon divergence.
_base_ = './ffdnet_camvid_d2sm.py'
model = dict(losses=dict(d2sm=dict(divergence='js')))
