"""The page's style. Light, dark on screens that ask for it, always light in print."""

# Colours by name, light and dark. Text has a contrast of 4.5 or more with what it stands on,
# marks of 3 or more (WCAG 2.2); test_report.py checks it.
LIGHT = {
    'page': '#ffffff',
    'card': '#f5f7fa',
    'line': '#d9dfe7',
    'text': '#18212f',
    'quiet': '#566275',
    'link': '#0b5cad',
    'bar': '#7fb0e3',
    'good': '#edf3fb',
    'middling': '#fbd48c',
    'bad': '#e2623a',
    'm0': '#0b66b8',
    'm1': '#c8500a',
    'm2': '#0a8560',
    'm3': '#a8457f',
    'm4': '#7a6a00',
    'm5': '#6a4bc4',
    'm6': '#b3262e',
    'm7': '#3d4a5c',
}
DARK = {
    'page': '#12161c',
    'card': '#1b212a',
    'line': '#333d4b',
    'text': '#e8ecf2',
    'quiet': '#a3afc0',
    'link': '#7fb7f5',
    'bar': '#3f76b3',
    'good': '#1c2a3c',
    'middling': '#7d5215',
    'bad': '#ba3d1c',
    'm0': '#5fb0f5',
    'm1': '#ff9455',
    'm2': '#3ccf9e',
    'm3': '#ee93c8',
    'm4': '#e3c93e',
    'm5': '#b49cff',
    'm6': '#ff8088',
    'm7': '#c3ccd9',
}


def _variables(colours: dict[str, str]) -> str:
    return ''.join(f'--{name}:{value};' for name, value in colours.items())


_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:3.2rem}
body{margin:0;background:var(--page);color:var(--text);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
 overflow-wrap:anywhere}
header,main{max-width:1180px;margin:0 auto;padding:0 16px}
header{padding-top:20px}
main{padding-bottom:48px}
h1{font-size:1.7rem;line-height:1.2;margin:0}
header p{margin:4px 0 12px;color:var(--quiet)}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem}
h3{font-size:1rem;margin:0}
a{color:var(--link)}
code{white-space:nowrap;font:0.9em ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
nav{display:flex;gap:4px 16px;flex-wrap:wrap;padding:8px 0;border-bottom:1px solid var(--line)}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
ul,dl,dd,figure{margin:0;padding:0}
li{list-style:none}
.note{color:var(--quiet);margin:.3rem 0 .8rem;max-width:75ch}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.js-only{display:none}
.js .js-only{display:revert}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}

.m0{--mark:var(--m0)}.m1{--mark:var(--m1)}.m2{--mark:var(--m2)}.m3{--mark:var(--m3)}
.m4{--mark:var(--m4)}.m5{--mark:var(--m5)}.m6{--mark:var(--m6)}.m7{--mark:var(--m7)}
.mark{width:12px;height:12px;fill:var(--mark);flex:none;margin-top:.33em}
.named{display:inline-flex;gap:5px;align-items:flex-start;min-width:0}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin-bottom:10px}

.cards{display:grid;margin-bottom:10px;gap:14px;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr))}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.card p{margin:6px 0 0;color:var(--quiet);font-size:.9rem}
.card p b{color:var(--text)}
.card .big{margin:4px 0 0}
.big strong{font-size:2.1rem;line-height:1.2;font-weight:650;color:var(--text)}
.meter{height:6px;border-radius:3px;background:var(--line);margin:6px 0 10px;overflow:hidden}
.meter i{display:block;height:100%;background:var(--mark)}
.card dl{display:grid;grid-template-columns:auto auto;justify-content:space-between;gap:2px 16px}
.card dl div{display:flex;justify-content:space-between;gap:8px}
dt{color:var(--quiet)}
.card dd{font-weight:600;font-variant-numeric:tabular-nums}
.facts{columns:3 300px;column-gap:32px;margin-top:14px}
.facts div{display:grid;grid-template-columns:7rem 1fr;gap:8px;padding:3px 0;break-inside:avoid;
 border-bottom:1px solid var(--line)}

.panels{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(min(100%,255px),1fr))}
.panel{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 8px 4px}
.panel figcaption{font-weight:600;padding:0 4px}
.plot{position:relative}
.plot>svg{display:block;width:100%;height:auto}
.probe{position:absolute;inset:0;touch-action:pan-y;cursor:crosshair;border-radius:6px}
.tick{stroke:var(--line);stroke-width:1}
.axes text{font-size:10.5px;fill:var(--quiet)}
.value{text-anchor:end}
text.level{text-anchor:middle}
.line polyline{fill:none;stroke:var(--mark);stroke-width:2;stroke-linejoin:round}
.line path{fill:var(--mark);stroke:var(--card);stroke-width:.8}
.line .clean{stroke:var(--mark);stroke-width:1.3;stroke-dasharray:5 4}
.cursor{stroke:var(--quiet);stroke-width:1;visibility:hidden}
.cursor.on{visibility:visible}
.tip{position:absolute;top:6px;z-index:2;max-width:60%;padding:6px 9px;border-radius:7px;
 background:var(--page);border:1px solid var(--line);box-shadow:0 3px 12px #0003;
 font-size:.82rem;line-height:1.4;pointer-events:none}
.tip .named{display:flex}
.tip output{margin-left:auto;padding-left:8px;font-weight:600;font-variant-numeric:tabular-nums}
.tip[hidden]{display:none}

.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;margin:0 0 14px;
 width:fit-content;max-width:100%}
table{border-collapse:separate;border-spacing:0;width:max-content;min-width:100%;font-variant-numeric:tabular-nums;
 overflow-wrap:normal}
th,td{padding:4px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
tfoot>tr>*{border-top:1px solid var(--line);border-bottom:0;font-weight:600}
thead th{background:var(--card);font-weight:600;vertical-align:bottom}
th[scope=row],thead tr:first-child th:first-child{text-align:left;position:sticky;left:0;z-index:1;
 background:var(--card);max-width:11rem;white-space:normal;overflow-wrap:anywhere}
tbody th{font-weight:500}
@media (max-width:500px){th[scope=row],thead tr:first-child th:first-child{max-width:8.5rem}}
th[scope=colgroup]{text-align:center}
th .named,.scroll caption .named{text-align:left}
.group{border-left:1px solid var(--line)}
th[scope=colgroup]{border-left:1px solid var(--line)}
td.text,.plain td,.plain thead th{text-align:left}

.numbers td,.numbers thead tr:last-child th:not(:first-child){text-align:right}
caption{text-align:left;padding:8px 10px;font-weight:600;background:var(--card);
 border-bottom:1px solid var(--line)}
small{font-size:.76em}
.quality small{display:block;color:var(--quiet)}

.maps{display:grid;gap:0 18px;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr))}
.heat td{text-align:center;min-width:3.7rem;line-height:1.2;border-color:var(--page);
 border-right:1px solid var(--page)}
.heat thead th{text-align:center}
.heat td small{display:block}
.heat td.mean{font-weight:600}
.heat td.missing{background:repeating-linear-gradient(45deg,var(--card) 0 5px,var(--page) 5px 10px)}
@media (max-width:500px){.heat th,.heat td{padding:4px 5px}.heat td{min-width:2.9rem}
 .heat caption div{justify-content:flex-start}}
.heated{--low:clamp(0%,calc(var(--h)*2%),100%);--high:clamp(0%,calc(var(--h)*2% - 100%),100%);
 background:color-mix(in oklab,var(--good) var(--high),
 color-mix(in oklab,var(--middling) var(--low),var(--bad)))}
.heated,.scale i,.bar,.palette i{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.heat caption div{display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 12px}
.level{padding:0 8px;border-radius:6px;font-weight:500;white-space:nowrap}
.scale{display:flex;align-items:center;gap:8px;margin-bottom:12px;font-size:.85rem;
 color:var(--quiet)}
.scale i{width:min(220px,50%);height:12px;border-radius:4px;border:1px solid var(--line);
 background:linear-gradient(90deg in oklab,var(--bad),var(--middling),var(--good))}

.control select{font:inherit;padding:5px 8px;border-radius:7px;border:1px solid var(--line);
 background:var(--card);color:inherit;max-width:100%}
.control{margin:.2rem 0 .6rem}
.bar{background:linear-gradient(var(--bar),var(--bar)) left bottom/calc(var(--v)*1%) 3px no-repeat;
 min-width:4.6rem}
.sort{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
.sort::after{content:"\\2195";opacity:.45;margin-left:4px;font-size:.85em}
[aria-sort=ascending] .sort::after{content:"\\2191";opacity:1}
[aria-sort=descending] .sort::after{content:"\\2193";opacity:1}
details{margin:0 0 12px}
summary{cursor:pointer;padding:6px 0;font-weight:600}
summary .named{vertical-align:top}
.count{font-weight:400;color:var(--quiet)}
details .scroll{max-height:80vh;overflow:auto}

.palette{display:flex;flex-wrap:wrap;gap:2px 14px;margin-bottom:10px;font-size:.85rem}
.palette i{display:inline-block;width:13px;height:13px;border-radius:3px;margin-right:5px;
 vertical-align:-2px;border:1px solid var(--quiet)}
.pictures{margin-bottom:16px}
.pictures figcaption{margin-bottom:4px;font-size:.9rem}
.file{color:var(--quiet)}
.why{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:0 9px;
 font-size:.8rem;margin-right:4px;background:var(--card)}
.strip{display:grid;gap:8px;grid-template-columns:repeat(auto-fill,minmax(min(140px,45%),1fr))}
.strip img,.strip svg:not(.mark){display:block;width:100%;height:auto;border-radius:6px}
.strip small{display:flex;justify-content:space-between;gap:6px;font-size:.8rem;color:var(--quiet)}
.strip b{color:var(--text);white-space:nowrap}
.absent{margin:0;padding:10px;border:1px dashed var(--line);border-radius:6px;font-size:.8rem}
.shared{position:absolute;width:0;height:0}

@media (min-width:700px){.strip{grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
 .strip>div{max-width:360px}}
@media print{
 @page{margin:13mm}
 body{font-size:9.5pt}
 header,main{max-width:none;padding:0}
 nav,.control,.sort::after,.probe,.tip,.cursor,.listing{display:none!important}
 .js .js-only{display:none}
 h2{break-after:avoid}
 .card,.panel,figure,tr,.facts div{break-inside:avoid}
 .scroll,details .scroll{overflow:visible;max-height:none}
 th[scope=row]{position:static}
 .panels{grid-template-columns:repeat(3,1fr)}
 .maps{grid-template-columns:1fr}
 .strip{grid-template-columns:repeat(4,1fr)}
 details::details-content{content-visibility:visible;display:block}
}
"""

STYLE = (
    f':root{{color-scheme:light;{_variables(LIGHT)}}}\n'
    '@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;'
    f'{_variables(DARK)}}}}}' + _RULES
)
