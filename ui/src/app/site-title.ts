/** What the server calls this console (--web.page-title): it stands in the document before any page has set its own title. */
export const SITE_TITLE = document.title
