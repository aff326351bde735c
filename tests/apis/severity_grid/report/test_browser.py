"""The page in headless Chromium, where one is installed: what it draws, does and complains of."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mmdegrade.apis.severity_grid.report import write_report
from tests.apis.severity_grid.report.parsed import make_grid, shown

WIDTHS = (320, 1280)
NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
# The page under test stands in frames of the widths, its own policy and all; this looks into them.
HOST = """<!DOCTYPE html><meta charset="utf-8"><body><script>
console.error('a control');
const results = {};
function probe(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  const all = what => [...page.querySelectorAll(what)];
  const shows = one => getComputedStyle(one).display !== 'none' && one.getClientRects().length > 0;
  const found = results[frame.width] = {
    width: root.clientWidth, scroll: root.scrollWidth, script: root.className,
    lines: all('.line polyline').map(one => one.getTotalLength()),
    stroke: frame.contentWindow.getComputedStyle(all('.line polyline')[0]).stroke,
    charts: all('.panel svg[role=img]').map(one => one.getBoundingClientRect().width),
    heated: all('td.heated').map(one => frame.contentWindow.getComputedStyle(one).backgroundColor),
    control: shows(all('.control')[0]),
  };
  const press = (one, key) => one.dispatchEvent(
    new frame.contentWindow.KeyboardEvent('keydown', {key, bubbles: true}));
  const slider = all('.probe')[0];
  press(slider, 'ArrowRight');
  press(slider, 'ArrowRight');
  found.tip = all('.tip')[0].textContent;
  found.spoken = slider.getAttribute('aria-valuetext');
  press(slider, 'Escape');
  found.tipHidden = all('.tip')[0].hidden;
  const table = all('#classes-table')[0];
  const column = () => [...table.tBodies[0].rows].map(row => row.cells[1].textContent);
  const button = table.querySelector('th[data-col="1"] button');
  button.click();
  found.sorted = column();
  found.direction = button.parentNode.getAttribute('aria-sort');
  button.click();
  found.reversed = column();
  const select = all('#cell')[0];
  select.value = 'awgn_1';
  select.dispatchEvent(new frame.contentWindow.Event('change'));
  found.chosen = Object.fromEntries([...table.tBodies[0].rows].map(row =>
    [row.cells[0].textContent, [...row.cells].slice(1).map(cell => cell.textContent)]));
}
</script>FRAMES<pre id="found"></pre><script>
addEventListener('load', () => {
  for (const frame of document.querySelectorAll('iframe')) probe(frame);
  document.getElementById('found').textContent = JSON.stringify(results);
});
</script>"""


def browser() -> str | None:
    """Path of an installed Chromium, or of the one that playwright brought."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            return None
        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
        found = path if Path(path).is_file() else None
    return found


@pytest.fixture(scope='module')
def chromium():
    found = browser()
    if found is None:
        pytest.skip(f'none of {", ".join(NAMES)} is installed')
    return found


def start(chromium: str, folder: Path, *flags: str) -> subprocess.CompletedProcess:
    command = [chromium, '--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars']
    command += [f'--user-data-dir={folder / "profile"}', *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


@pytest.fixture(scope='module')
def looked(chromium, tmp_path_factory):
    """The grid, what the probe found at each width, and the console's lines."""
    folder = tmp_path_factory.mktemp('browser')
    grid = make_grid(models=('a', 'model_of_a_long_name_' * 3), classes=('Sky', 'Road', 'Car'))
    page = write_report(grid, folder / 'report.html').read_text(encoding='utf-8')
    frames = [
        f'<iframe width="{width}" height="900" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
    ]
    host = folder / 'host.html'
    host.write_text(HOST.replace('FRAMES', ''.join(frames)), encoding='utf-8')
    flags = ('--enable-logging=stderr', '--v=0', '--window-size=1700,1000', '--dump-dom')
    done = start(chromium, folder, *flags, host.as_uri())
    found = json.loads(parse_dump(done.stdout))
    return grid, found, re.findall(r':CONSOLE[^\]]*\] (".*)', done.stderr)


def parse_dump(text: str) -> str:
    (found,) = re.findall(r'<pre id="found">(.*?)</pre>', text, re.DOTALL)
    return html.unescape(found)


@pytest.mark.slow
def test_no_complaints(looked):
    _, _, console = looked
    assert len(console) == 1 and 'a control' in console[0]


@pytest.mark.slow
@pytest.mark.parametrize('width', WIDTHS)
def test_drawn(looked, width):
    _, results, _ = looked
    found = results[str(width)]
    assert found['width'] == width and found['scroll'] <= width  # nothing sticks out
    assert found['script'] == 'js' and found['control']
    assert len(found['lines']) == 4 and min(found['lines']) > 100
    assert found['stroke'] == 'rgb(11, 102, 184)'
    assert len(found['charts']) == 2 and all(200 < one < width for one in found['charts'])
    assert len(set(found['heated'])) > 6  # a colour for each number
    assert not any(one == 'rgba(0, 0, 0, 0)' for one in found['heated'])


@pytest.mark.slow
@pytest.mark.parametrize('width', WIDTHS)
def test_used(looked, width):
    grid, results, _ = looked
    found = results[str(width)]
    values = [grid.cell('gblur', 3, name).mIoU for name in grid.names]
    assert found['tip'].startswith('gblur 3') and found['tipHidden']
    for name, value in zip(grid.names, values, strict=True):
        assert f'{name}{value:.2f}' in found['tip'] and f'{name} {value:.2f}' in found['spoken']
    clean = sorted(grid.cell('clean').IoU.values(), reverse=True)
    assert found['sorted'] == [shown(v) for v in clean] and found['direction'] == 'descending'
    assert found['reversed'] == found['sorted'][::-1]
    for label, texts in found['chosen'].items():
        expected = []
        for name in grid.names:
            before, after = (grid.cell(c, model=name).IoU[label] for c in ('clean', 'awgn_1'))
            gap = after - before
            expected += [shown(before), shown(after), ('−' if gap < 0 else '+') + f'{abs(gap):.1f}']
        assert texts == expected


@pytest.mark.slow
def test_printed(chromium, tmp_path):
    page = write_report(make_grid(), tmp_path / 'report.html')
    start(chromium, tmp_path, f'--print-to-pdf={tmp_path / "report.pdf"}', page.as_uri())
    printed = (tmp_path / 'report.pdf').read_bytes()
    assert printed.startswith(b'%PDF-') and len(printed) > 20_000
    assert 2 <= len(re.findall(rb'/Type\s*/Page\b', printed)) <= 8
