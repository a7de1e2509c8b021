// Reading CSS as far as escaping needs it. Source: Go html/template, css.go; CSS 3 syntax, "Escapes".

const isNameChar = (char: string) => /[-_a-zA-Z0-9]|[^\u0000-\u007f\ufffe\uffff]/u.test(char)

/** Whether a text ends with a word of its own. */
export function endsWithKeyword(text: string, keyword: string): boolean {
  const start = text.length - keyword.length
  if (start < 0 || text.slice(start).toLowerCase() !== keyword) return false
  return start === 0 || !isNameChar([...text.slice(0, start)].at(-1)!)
}

/** The text that escapes stand for. */
export function decodeCss(text: string): string {
  return text.replace(/\\(?:([\da-fA-F]{1,6})(?:\r\n|[\t\n\f\r ])?|(.?))/gsu, (_, hex?: string, char = '') => {
    if (hex === undefined) return char
    const code = Number.parseInt(hex, 16)
    if (code <= 0x10ffff) return String.fromCodePoint(code)
    // More than there is: the last digit is one of the text.
    return String.fromCodePoint(code >> 4) + hex.slice(-1)
  })
}

export { isNameChar as isCssNameChar }
