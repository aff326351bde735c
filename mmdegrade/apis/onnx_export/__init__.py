"""Write what a model computes as an ONNX file, and check the file against PyTorch."""

from .export import OnnxFile, export_onnx

__all__ = ['OnnxFile', 'export_onnx']
