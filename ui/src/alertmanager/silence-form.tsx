import { Button, Input, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Notice } from '../app/notice.tsx'
import { AffectedAlerts } from './affected-alerts.tsx'
import { rememberCreator } from './creator.ts'
import { MatcherSets, type TypedSet } from './matcher-sets.tsx'
import { parseTyped } from './matchers.ts'
import { placeHref } from './place.ts'
import { server } from './server.ts'
import { postable, type SilenceDraft, setProblem, withDuration, withEnd, withStart } from './silence-draft.ts'
import styles from './silences.module.css'
import { goTo } from './use-place.ts'

const presets = ['30m', '2h', '8h', '1d', '1w'] as const
/** Typing rests for so long before what it affects is asked for. */
const previewDelayMs = 350

/** Makes or changes a silence, and shows what it would affect meanwhile. */
export function SilenceForm({ draft: initial }: { readonly draft: SilenceDraft }) {
  const [draft, setDraft] = useState(initial)
  const [sets, setSets] = useState<readonly TypedSet[]>(() => initial.sets.map((matchers) => ({ matchers, typed: '' })))
  const [refusal, setRefusal] = useState<string>()
  const [isTried, setTried] = useState(false)
  const [rested] = useDebouncedValue(sets, previewDelayMs)
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: async () => {
      // What is typed and not yet added is meant as well.
      const meant = sets.map(({ matchers, typed }) => (typed.trim() === '' ? matchers : [...matchers, ...parseTyped(typed)]))
      const silence = postable({ ...draft, sets: meant })
      if (typeof silence === 'string') throw new Error(silence)
      const id = await server.setSilence(silence)
      rememberCreator(silence.createdBy)
      return id
    },
    onError: (error) => setRefusal(error.message),
    onSuccess: (id) => {
      void client.invalidateQueries()
      goTo(`/silences/${id}`)
    },
  })
  const { changes } = initial
  // What is typed and not yet added is judged when it is read.
  const problems = sets.map(({ matchers, typed }) => (typed.trim() === '' ? setProblem(matchers) : undefined))
  const isNew = changes === undefined || changes.status.state === 'expired'
  return (
    <>
      <form
        className={styles.form}
        aria-label={changes === undefined ? 'New silence' : 'Silence'}
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          setRefusal(undefined)
          if (problems.every((problem) => problem === undefined)) save.mutate()
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
        <MatcherSets sets={sets} problems={isTried ? problems : []} mayBeSeveral={changes?.matcherSets !== undefined} onChange={setSets} />
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
        {refusal !== undefined && (
          <Notice kind="error" title="The silence is not made">
            {refusal}
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
            {isNew ? 'Create' : 'Save'}
          </Button>
        </div>
      </form>
      <AffectedAlerts sets={rested.map(({ matchers }) => matchers.filter(({ name }) => name !== ''))} />
    </>
  )
}
