import { type Extension, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view'

/** Marks the span the API's error points at; undefined takes the mark away, and so does any edit. */
export const markError = StateEffect.define<{ readonly from: number; readonly to: number } | undefined>()

const mark = Decoration.mark({ class: 'cm-promql-error', attributes: { 'aria-invalid': 'true' } })

export const errorMark: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks
    for (const effect of transaction.effects) {
      if (!effect.is(markError)) continue
      const span = effect.value
      const inside = span !== undefined && span.from < span.to && span.to <= transaction.state.doc.length
      next = inside ? Decoration.set([mark.range(span.from, span.to)]) : Decoration.none
    }
    return next
  },
  provide: (field) => EditorView.decorations.from(field),
})
