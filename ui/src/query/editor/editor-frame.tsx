import { lazy, Suspense } from 'react'
import type { EvaluationError } from '../evaluation-error.ts'
import styles from './editor-frame.module.css'

export interface EditorProps {
  readonly label: string
  readonly value: string
  readonly error: EvaluationError | undefined
  readonly autoFocus: boolean
  readonly onChange: (value: string) => void
  /** Enter without Shift, or Ctrl-Enter. */
  readonly onExecute: (value: string) => void
}

// CodeMirror with the PromQL grammar is as large as the rest of the console: it comes on its own, beside the first answer.
const PromqlEditor = lazy(async () => ({ default: (await import('./promql-editor.tsx')).PromqlEditor }))

/** The expression's editor; until it is there a plain field of the same size that works the same. */
export function EditorFrame(props: EditorProps) {
  return (
    <div className={styles.frame}>
      <Suspense fallback={<PlainEditor {...props} />}>
        <PromqlEditor {...props} />
      </Suspense>
    </div>
  )
}

function PlainEditor({ label, value, onChange, onExecute }: EditorProps) {
  return (
    <textarea
      className={styles.plain}
      aria-label={label}
      rows={value.split('\n').length}
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || event.shiftKey) return
        event.preventDefault()
        onExecute(value)
      }}
    />
  )
}
