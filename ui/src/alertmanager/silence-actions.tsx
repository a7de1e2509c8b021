import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { Dialog } from '../app/dialog.tsx'
import { Notice } from '../app/notice.tsx'
import { formatMatchers, matcherOfJson } from './matchers.ts'
import { placeHref } from './place.ts'
import { server } from './server.ts'
import { SilenceMatchers } from './silence-matchers.tsx'
import styles from './silences.module.css'

interface SilenceActionsProps {
  readonly silence: GettableSilence
  /** Among others: it can be looked at alone. */
  readonly isListed?: boolean
}

/** What one can do with a silence in its state. */
export function SilenceActions({ silence, isListed = false }: SilenceActionsProps) {
  const { id, status, comment } = silence
  const [isAsking, setAsking] = useState(false)
  const filter = formatMatchers(silence.matchers.map(matcherOfJson))
  // An address has room for one set of matchers.
  const again = silence.matcherSets === undefined ? placeHref('/silences/new', { filter, comment }) : placeHref(`/silences/${id}/edit`)
  const isOver = status.state === 'expired'
  return (
    <span className={styles.actions}>
      {isListed && (
        <Button component="a" size="compact-xs" variant="default" href={placeHref(`/silences/${id}`)}>
          View
        </Button>
      )}
      {!isOver && (
        <Button component="a" size="compact-xs" variant="default" href={placeHref(`/silences/${id}/edit`)}>
          Edit
        </Button>
      )}
      {isOver ? (
        <Button component="a" size="compact-xs" variant="default" href={again}>
          Recreate
        </Button>
      ) : (
        <Button size="compact-xs" variant="default" onClick={() => setAsking(true)}>
          Expire
        </Button>
      )}
      {isAsking && <ExpireDialog silence={silence} onClose={() => setAsking(false)} />}
    </span>
  )
}

function ExpireDialog({ silence, onClose }: { readonly silence: GettableSilence; readonly onClose: () => void }) {
  const client = useQueryClient()
  const expire = useMutation({
    mutationFn: () => server.expireSilence(silence.id),
    onSuccess: async () => {
      await client.invalidateQueries()
      onClose()
    },
  })
  return (
    <Dialog title="Expire this silence?" onClose={onClose}>
      <SilenceMatchers silence={silence} />
      <div>{silence.status.state === 'pending' ? 'It will never begin.' : 'Receivers are told of what it silences at the next flush.'}</div>
      {expire.error !== null && (
        <Notice kind="error" title="The silence is as it was">
          {expire.error.message}
        </Notice>
      )}
      <div className={styles.buttons}>
        <Button size="xs" variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button size="xs" color="red" data-autofocus loading={expire.isPending} onClick={() => expire.mutate()}>
          Expire
        </Button>
      </div>
    </Dialog>
  )
}
