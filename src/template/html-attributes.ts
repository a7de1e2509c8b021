// What the values of attributes are. Source: Go html/template, attr.go; HTML's standard, "Attributes".

export type ContentType = 'plain' | 'css' | 'html' | 'js' | 'url' | 'srcset' | 'unsafe'

const words = (text: string) => text.split(' ')

const TYPES: ReadonlyMap<string, ContentType> = new Map<string, ContentType>([
  ...words(
    'action archive background cite classid codebase data formaction href icon longdesc manifest poster profile src usemap xmlns',
  ).map((name): [string, ContentType] => [name, 'url']),
  ...words(
    'accept-charset async challenge charset content crossorigin defer enctype form formenctype formmethod formnovalidate http-equiv keytype language method novalidate pattern rel sandbox type value',
  ).map((name): [string, ContentType] => [name, 'unsafe']),
  ...words(
    'accept alt autocomplete autofocus autoplay border checked class cols colspan contenteditable contextmenu controls coords datetime default dir dirname disabled draggable dropzone for formtarget headers height hidden high hreflang id ismap kind label lang list loop low max maxlength media mediagroup min multiple name open optimum placeholder preload pubdate radiogroup readonly required reversed rows rowspan spellcheck scope scoped seamless selected shape size sizes span srclang start step tabindex target title width wrap',
  ).map((name): [string, ContentType] => [name, 'plain']),
  ['srcdoc', 'html'],
  ['srcset', 'srcset'],
  ['style', 'css'],
])

/** Of an attribute by its name in lower case; of those that nobody knows by what their names promise. */
export function attributeType(name: string): ContentType {
  let plain = name
  if (name.startsWith('data-')) plain = name.slice(5)
  else if (name.includes(':')) {
    const colon = name.indexOf(':')
    if (name.slice(0, colon) === 'xmlns') return 'url'
    plain = name.slice(colon + 1)
  }
  const known = TYPES.get(plain)
  if (known !== undefined) return known
  if (plain.startsWith('on')) return 'js'
  return /src|uri|url/.test(plain) ? 'url' : 'plain'
}

const SCRIPT_TYPES: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/javascript',
  'application/json',
  'application/ld+json',
  'application/x-ecmascript',
  'application/x-javascript',
  'module',
  'text/ecmascript',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.1',
  'text/javascript1.2',
  'text/javascript1.3',
  'text/javascript1.4',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/x-ecmascript',
  'text/x-javascript',
])

/** Whether a script of this type is JavaScript, or what is written like it. */
export function isScriptType(type: string): boolean {
  return SCRIPT_TYPES.has(type.split(';', 1)[0]!.toLowerCase().trim())
}
