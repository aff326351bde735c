# The same restorer on L1 + 0.5 × the loss of edges.
_base_ = './street_scenes_restore.py'
custom_imports = dict(imports=['mmdegrade', 'shallow_restorer', 'edge_loss'])
model = dict(losses=dict(edges=dict(type='EdgeLoss', loss_weight=0.5)))
