# Test only: BM3D, then the clean-trained segmentor. Needs `pip install bm3d`, whose licence is for
# non-commercial use. For another σ set model.restorer.sigma, too. test.py CONFIG CLEAN
_base_ = './cgnet_camvid_awgn50_ddfn1_seg.py'
model = dict(
    restorer=dict(_delete_=True, type='ClassicalRestorer', method='bm3d', sigma=50),
    restorer_checkpoint=None,
)
