import { Button } from '@mantine/core'

interface TryAgainProps {
  readonly query: { readonly isFetching: boolean; refetch(): Promise<unknown> }
}

/** Asks once more what has failed. */
export function TryAgain({ query }: TryAgainProps) {
  return (
    <Button size="compact-xs" variant="default" ml={6} disabled={query.isFetching} onClick={() => void query.refetch()}>
      Try again
    </Button>
  )
}
