import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { findErrorPosition, spanAt } from '../error-position.ts'
import type { EditorProps } from './editor-frame.tsx'
import { markError } from './error-mark.ts'
import { promqlExtensions } from './extensions.ts'

/** CodeMirror with PromQL: completion and hover from this server, linting as one types, the API's own error marked. */
export function PromqlEditor(props: EditorProps) {
  const { label, value, error } = props
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  // The editor outlives renders; its listeners look here for the newest callbacks.
  const latest = useRef(props)
  latest.current = props

  useEffect(() => {
    if (parent.current === null) return
    const editor = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: latest.current.value,
        selection: { anchor: latest.current.value.length },
        extensions: [
          promqlExtensions({ label, onExecute: (text) => latest.current.onExecute(text) }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    if (latest.current.autoFocus) editor.focus()
    return () => editor.destroy()
  }, [label])

  useEffect(() => {
    const editor = view.current
    if (editor === undefined || editor.state.doc.toString() === value) return
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: value },
      selection: { anchor: value.length },
    })
  }, [value])

  useEffect(() => {
    const position = error === undefined || error.expr !== value ? undefined : findErrorPosition(error.message)
    view.current?.dispatch({ effects: markError.of(position && spanAt(value, position)) })
  }, [error, value])

  return <div ref={parent} />
}
