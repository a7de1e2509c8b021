import { HighlightStyle } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

// Colours are CSS variables (promql.css), so that the scheme may change under a living editor.

export const editorTheme = EditorView.theme({
  '&': { fontSize: '13.5px', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '20px' },
  '.cm-content': { padding: '7px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 10px' },
  '.cm-placeholder': { color: 'var(--text-dim)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--promql-bracket)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: '4px',
    boxShadow: '0 6px 18px rgb(0 0 0 / 16%)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    fontSize: '12.5px',
    maxHeight: '300px',
    maxWidth: 'min(480px, 90vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--mantine-primary-color-filled)',
    color: '#fff',
  },
  '.cm-completionDetail': { marginLeft: '12px', opacity: '0.7', fontStyle: 'normal' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-tooltip.cm-completionInfo': { padding: '6px 10px', maxWidth: '380px', fontSize: '12.5px' },
  '.cm-diagnostic': { padding: '5px 10px', fontSize: '12.5px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  // CodeMirror's own underlines are data: images, which the content security policy refuses.
  '.cm-lintRange': { backgroundImage: 'none !important', paddingBottom: '0' },
  '.cm-lintRange-error': { textDecoration: 'underline wavy var(--bad)' },
  '.cm-lintRange-warning': { textDecoration: 'underline wavy var(--unsure)' },
  '.cm-promql-error': { textDecoration: 'underline wavy var(--bad)', backgroundColor: 'var(--bad-surface)' },
  '.cm-promql-hover': { maxWidth: '440px', padding: '6px 10px', fontSize: '12.5px', lineHeight: '1.45' },
  '.cm-promql-hover strong': { fontFamily: 'var(--mantine-font-family-monospace)' },
  '.cm-promql-hover em': { marginLeft: '8px', color: 'var(--text-dim)', fontStyle: 'normal' },
})

export const promqlHighlight = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--promql-keyword)' },
  { tag: tags.operatorKeyword, color: 'var(--promql-keyword)' },
  { tag: tags.modifier, color: 'var(--promql-keyword)' },
  { tag: tags.function(tags.variableName), color: 'var(--promql-function)' },
  { tag: tags.labelName, color: 'var(--promql-label)' },
  { tag: tags.string, color: 'var(--promql-string)' },
  { tag: tags.number, color: 'var(--promql-number)' },
  { tag: tags.comment, color: 'var(--text-dim)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
])
