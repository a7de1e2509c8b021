import { Notice } from '../app/notice.tsx'

/** The address has a filter that is none. `href`: the same without it. */
export function UnreadFilter({ problem, href }: { readonly problem: string; readonly href: string }) {
  return (
    <Notice kind="error" title="The filter of this address cannot be read">
      {problem}. <a href={href}>Show without it</a>
    </Notice>
  )
}
