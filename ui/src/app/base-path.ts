// The server may sit below a route prefix the build knows nothing of. All built scripts lie in `PREFIX/assets/`, so
// this module's own address tells the prefix, however deep the page's address is.

/** The path the console is served below, with both slashes: `/` or `/prefix/`. */
export const basePath = import.meta.env.DEV ? '/' : parentOf(import.meta.url)

function parentOf(scriptUrl: string): string {
  return new URL('../', scriptUrl).pathname
}
