// Who makes silences here: typed once, kept in the browser.

const KEY = 'promontory-silence-creator'

export function lastCreator(): string {
  try {
    return window.localStorage.getItem(KEY) ?? ''
  } catch {
    // Storage may be off: one types again.
    return ''
  }
}

export function rememberCreator(name: string): void {
  try {
    window.localStorage.setItem(KEY, name)
  } catch {
    // As above.
  }
}
