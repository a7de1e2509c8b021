import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands'
import { bracketMatching, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { completionClient } from './completion-client.ts'
import { editorTheme, promqlHighlight } from './editor-theme.ts'
import { errorMark } from './error-mark.ts'
import { promqlHover } from './hover.ts'

interface EditorSettings {
  readonly label: string
  readonly onExecute: (text: string) => void
}

/** All that makes a CodeMirror view the console's PromQL editor. Order of key maps: completion takes Enter before we do. */
export function promqlExtensions({ label, onExecute }: EditorSettings): Extension {
  const execute = (view: EditorView): boolean => {
    onExecute(view.state.doc.toString())
    return true
  }
  return [
    editorTheme,
    syntaxHighlighting(promqlHighlight),
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ icons: false, maxRenderedOptions: 60 }),
    new PromQLExtension().setComplete({ remote: completionClient }).asExtension(),
    promqlHover,
    errorMark,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
    placeholder('A PromQL expression, such as rate(node_cpu_seconds_total[5m])'),
    keymap.of([
      ...completionKeymap,
      { key: 'Enter', run: execute, shift: insertNewlineAndIndent },
      { key: 'Mod-Enter', run: execute },
      ...closeBracketsKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
  ]
}
