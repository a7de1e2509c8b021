import { Button, Input, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Notice } from '../app/notice.tsx'
import { AffectedAlerts } from './affected-alerts.tsx'
import { MatcherChips } from './chips.tsx'
import { rememberCreator } from './creator.ts'
import { MatcherRows } from './matcher-rows.tsx'
import { parseTyped } from './matchers.ts'
import { placeHref } from './place.ts'
import { server } from './server.ts'
import { MATCHER_SETS, postable, type SilenceDraft, withDuration, withEnd, withStart } from './silence-draft.ts'
import styles from './silences.module.css'
import { goTo } from './use-place.ts'

const presets = ['30m', '2h', '8h', '1d', '1w'] as const
/** Typing rests for so long before what it affects is asked for. */
const previewDelayMs = 350

/** Makes or changes a silence, and shows what it would affect meanwhile. */
export function SilenceForm({ draft: initial }: { readonly draft: SilenceDraft }) {
  const [draft, setDraft] = useState(initial)
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string>()
  const [matchers] = useDebouncedValue(draft.matchers, previewDelayMs)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: async () => {
      // What is typed and not yet added is meant as well.
      const added = typed.trim() === '' ? [] : parseTyped(typed)
      const silence = postable({ ...draft, matchers: [...draft.matchers, ...added] })
      if (typeof silence === 'string') throw new Error(silence)
      const id = await server.setSilence(silence)
      rememberCreator(silence.createdBy)
      return id
    },
    onMutate: () => setProblem(undefined),
    onError: (error) => setProblem(error.message),
    onSuccess: (id) => {
      void client.invalidateQueries()
      goTo(`/silences/${id}`)
    },
  })
  const { changes } = initial
  const sets = changes?.annotations?.[MATCHER_SETS]
  return (
    <>
      <form
        className={styles.form}
        aria-label={changes === undefined ? 'New silence' : 'Silence'}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <div className={styles.times}>
          <TextInput
            size="xs"
            type="datetime-local"
            step={1}
            label="Start"
            value={draft.start}
            onChange={(event) => setDraft(withStart(draft, event.currentTarget.value))}
          />
          <TextInput
            size="xs"
            label="Duration"
            value={draft.duration}
            spellCheck={false}
            onChange={(event) => setDraft(withDuration(draft, event.currentTarget.value))}
          />
          <TextInput
            size="xs"
            type="datetime-local"
            step={1}
            label="End"
            value={draft.end}
            onChange={(event) => setDraft(withEnd(draft, event.currentTarget.value))}
          />
        </div>
        <div className={styles.presets}>
          {presets.map((duration) => (
            <Button
              key={duration}
              size="compact-xs"
              variant={draft.duration === duration ? 'filled' : 'default'}
              aria-pressed={draft.duration === duration}
              onClick={() => setDraft(withDuration(draft, duration))}
            >
              {duration}
            </Button>
          ))}
        </div>
        {sets === undefined ? (
          <MatcherRows
            matchers={draft.matchers}
            onChange={(next) => setDraft({ ...draft, matchers: next })}
            typed={typed}
            onTyped={setTyped}
          />
        ) : (
          <Notice kind="info" title={`All ${sets} sets of matchers stay as they are`}>
            <MatcherChips matchers={draft.matchers} /> is the first.
          </Notice>
        )}
        <TextInput
          size="xs"
          label="Creator"
          autoComplete="username"
          value={draft.createdBy}
          onChange={(event) => setDraft({ ...draft, createdBy: event.currentTarget.value })}
        />
        <Input.Wrapper size="xs" label="Comment" id="comment">
          <Input
            size="xs"
            component="textarea"
            id="comment"
            rows={3}
            multiline
            value={draft.comment}
            onChange={(event) => setDraft({ ...draft, comment: event.currentTarget.value })}
          />
        </Input.Wrapper>
        {problem !== undefined && (
          <Notice kind="error" title="The silence is not made">
            {problem}
          </Notice>
        )}
        <div className={styles.buttons}>
          <Button
            component="a"
            size="xs"
            variant="default"
            href={placeHref(changes === undefined ? '/silences' : `/silences/${changes.id}`)}
          >
            Cancel
          </Button>
          <Button size="xs" type="submit" loading={save.isPending}>
            {changes === undefined ? 'Create' : 'Save'}
          </Button>
        </div>
      </form>
      <AffectedAlerts matchers={matchers.filter(({ name }) => name !== '')} />
    </>
  )
}
