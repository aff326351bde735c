"""``report.html``: a severity grid as one page that needs nothing but itself."""

from .page import html_report, write_report

__all__ = ['html_report', 'write_report']
