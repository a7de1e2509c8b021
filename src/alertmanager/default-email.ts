// The HTML of the default e-mail: a table in a table, all styles inline, since mail programs know no others.
// What it writes is upstream's, byte for byte. Source: Alertmanager template/email.tmpl of 0.33.

const FONT = "font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; box-sizing: border-box"
const SIZE = 'font-size: 14px'
/** What every element has. */
const BASE = `margin: 0; ${FONT}; ${SIZE};`

const BREAK = `<br style="${BASE}">`
const strong = (text: string) => `<strong style="${BASE}">${text}</strong>`
const row = (indent: string, content: string) => `${indent}<tr style="${BASE}">\n${content}${indent}</tr>\n`

const IN_BLOCK = ' '.repeat(20)
const block = (content: string) =>
  row(
    ' '.repeat(16),
    `${' '.repeat(18)}<td class="content-block" style="${BASE} vertical-align: top; padding: 0 0 20px;" valign="top">\n${content}${' '.repeat(18)}</td>\n`,
  )
const line = (text: string) => `${IN_BLOCK}${text}\n`

const action = (indent: number, text: string) => `${' '.repeat(indent)}{{ ${text} }}\n`

/** The band at the top. */
function banner(kind: string, color: string, afterValue: string): string {
  const style = `margin: 0; ${FONT}; vertical-align: top; font-size: 16px; color: #fff; font-weight: 500; padding: 20px; text-align: center; border-radius: 3px 3px 0 0; background-color: ${color};`
  return [
    `            <td class="alert alert-${kind}" style="${style}" valign="top" align="center" bgcolor="${color}">\n`,
    '              {{ len .Alerts }} alert{{ if gt (len .Alerts) 1 }}s{{ end }} for {{ range .GroupLabels.SortedPairs }}\n',
    `                {{ .Name }}={{ .Value }}${afterValue}\n`,
    '              {{ end }}\n',
    '            </td>\n',
  ].join('')
}

const pairs = (field: string) => `{{ range .${field}.SortedPairs }}{{ .Name }} = {{ .Value }}${BREAK}{{ end }}`

const ALERT = block(
  [
    line(`${strong('Labels')}${BREAK}`),
    line(pairs('Labels')),
    line(`{{ if .Annotations }}${strong('Annotations')}${BREAK}{{ end }}`),
    line(pairs('Annotations')),
    line(`<a href="{{ .GeneratorURL }}" style="${BASE} color: #348eda; text-decoration: underline;">Source</a>${BREAK}`),
  ].join(''),
)

const count = (state: string) => block(line(strong(`[{{ len .Alerts.${state} }}] ${state}`)))
const alerts = (state: string) => `${action(16, `range .Alerts.${state}`)}${ALERT}${action(16, 'end')}`

const BUTTON = [
  `${BASE} text-decoration: none; color: #FFF; background-color: #348eda; border: solid #348eda; border-width: 10px 20px;`,
  'line-height: 2em; font-weight: bold; text-align: center; cursor: pointer; display: inline-block; border-radius: 5px;',
  'text-transform: capitalize;',
].join(' ')

const CONTENT = [
  block(
    line(
      `<a href="{{ template "__alertmanagerURL" . }}" class="btn-primary" style="${BUTTON}">View in {{ template "__alertmanager" . }}</a>`,
    ),
  ),
  action(16, 'if .Alerts.Firing'),
  count('Firing'),
  action(16, 'end'),
  alerts('Firing'),
  '\n',
  action(16, 'if .Alerts.Resolved'),
  action(18, 'if .Alerts.Firing'),
  block(line(BREAK) + line(`<hr style="${BASE}">`) + line(BREAK)),
  action(18, 'end'),
  count('Resolved'),
  action(16, 'end'),
  alerts('Resolved'),
].join('')

/** The rules for small screens, each with its properties. */
const SMALL: readonly (readonly [selector: string, ...properties: string[]])[] = [
  ['body', 'padding: 0'],
  ['h1,\nh2,\nh3,\nh4', 'font-weight: 800', 'margin: 20px 0 5px'],
  ['h1', 'font-size: 22px'],
  ['h2', 'font-size: 18px'],
  ['h3', 'font-size: 16px'],
  ['.container', 'padding: 0', 'width: 100%'],
  ['.content', 'padding: 0'],
  ['.content-wrap', 'padding: 10px'],
  ['.invoice', 'width: 100%'],
]
const SMALL_RULES = SMALL.map(
  ([selector, ...properties]) => `  ${selector} {\n${properties.map((property) => `    ${property} !important;\n`).join('')}  }\n`,
).join('\n')

const HEAD = `<head>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>{{ template "__subject" . }}</title>
<style>
@media only screen and (max-width: 640px) {
${SMALL_RULES}}
</style>
</head>
`

const BODY = [
  `margin: 0; ${FONT}; ${SIZE}; -webkit-font-smoothing: antialiased; -webkit-text-size-adjust: none; height: 100%; line-height: 1.6em;`,
  'background-color: #f6f6f6; width: 100%;',
].join(' ')
const MARGIN_CELL = `    <td style="${BASE} vertical-align: top;" valign="top"></td>\n`
const GREY = `vertical-align: top; padding: 0 0 20px; text-align: center; color: #999; font-size: 12px;`

const FOOTER_LINK = `<a href="{{ .ExternalURL }}" style="margin: 0; ${FONT}; text-decoration: underline; color: #999; font-size: 12px;">Sent by {{ template "__alertmanager" . }}</a>`
const FOOTER = [
  `        <div class="footer" style="${BASE} width: 100%; clear: both; color: #999; padding: 20px;">\n`,
  `          <table width="100%" style="${BASE}">\n`,
  row(
    ' '.repeat(12),
    `              <td class="aligncenter content-block" style="margin: 0; ${FONT}; ${GREY}" valign="top" align="center">${FOOTER_LINK}</td>\n`,
  ),
  '          </table>\n',
].join('')

const MAIN = [
  `        <table class="main" width="100%" cellpadding="0" cellspacing="0" style="${BASE} background-color: #fff; border: 1px solid #e9e9e9; border-radius: 3px;" bgcolor="#fff">\n`,
  row(
    ' '.repeat(10),
    action(12, 'if .Alerts.Firing') +
      banner('warning', '#E6522C', '') +
      action(12, 'else') +
      banner('good', '#68B90F', ' ') +
      action(12, 'end'),
  ),
  row(
    ' '.repeat(10),
    [
      `            <td class="content-wrap" style="${BASE} vertical-align: top; padding: 30px;" valign="top">\n`,
      `              <table width="100%" cellpadding="0" cellspacing="0" style="${BASE}">\n`,
      CONTENT,
      '              </table>\n',
      '            </td>\n',
    ].join(''),
  ),
  '        </table>\n',
].join('')

const COLUMN = `${FONT}; ${SIZE}; vertical-align: top; display: block; max-width: 600px; margin: 0 auto; clear: both;`
const INNER = `${FONT}; ${SIZE}; max-width: 600px; margin: 0 auto; display: block; padding: 20px;`

export const DEFAULT_EMAIL_HTML = [
  // Where upstream has a comment, which is not sent, there is its empty line.
  '\n\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n',
  `<html xmlns="http://www.w3.org/1999/xhtml" style="${BASE}">\n`,
  HEAD,
  `\n<body itemscope itemtype="https://schema.org/EmailMessage" style="${BODY}">\n\n`,
  `<table class="body-wrap" style="${BASE} background-color: #f6f6f6; width: 100%;" width="100%" bgcolor="#f6f6f6">\n`,
  row(
    '  ',
    [
      MARGIN_CELL,
      `    <td class="container" width="600" style="${COLUMN}" valign="top">\n`,
      `      <div class="content" style="${INNER}">\n`,
      MAIN,
      '\n',
      FOOTER,
      '        </div></div>\n    </td>\n',
      MARGIN_CELL,
    ].join(''),
  ),
  '</table>\n\n</body>\n</html>\n\n',
].join('')
