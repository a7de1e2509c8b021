import { textLinks } from './text-links.ts'

/** A text whose web addresses are links. */
export function LinkedText({ text }: { readonly text: string }) {
  return textLinks(text).map(({ text: piece, href }, index) =>
    href === undefined ? (
      piece
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have their place alone
      <a key={index} href={href} target="_blank" rel="noreferrer">
        {piece}
      </a>
    ),
  )
}
