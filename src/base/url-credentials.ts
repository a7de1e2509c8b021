/** Whom a URL says that asks; undefined where it says nothing. */
export function urlCredentials({ username, password }: URL): { readonly username: string; readonly password: string } | undefined {
  return username === '' && password === '' ? undefined : { username: decode(username), password: decode(password) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
