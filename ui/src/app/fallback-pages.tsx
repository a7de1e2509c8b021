import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Notice } from './notice.tsx'

export function NotFoundPage() {
  return (
    <Notice kind="empty" title="There is no page at this address">
      <Link to="/query">Go to the query page</Link>
    </Notice>
  )
}

/** What is left of a page whose component threw; the rest of the console keeps working. */
export function CrashPage({ error, reset }: ErrorComponentProps) {
  return (
    <Notice kind="error" title="This page stopped working">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <Button size="xs" variant="default" onClick={reset}>
        Try again
      </Button>
    </Notice>
  )
}
