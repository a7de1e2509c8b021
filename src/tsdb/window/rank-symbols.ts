import type { Breather } from '../../base/breather.ts'
import { sortNumbers } from '../../base/sort-numbers.ts'
import { compareSymbols } from './symbols.ts'
import type { Window } from './window.ts'

export interface SymbolRanks {
  /** The symbols in the order of their bytes. */
  readonly order: Uint32Array
  /** By symbol: its place in `order`; of others nothing that means anything. */
  readonly ranks: Uint32Array
}

/** Puts the names and values of pairs of a window into order, each once. */
export async function rankSymbols({ pairs, symbols }: Window, pairNumbers: Uint32Array, breather: Breather): Promise<SymbolRanks> {
  const ranks = new Uint32Array(symbols.count)
  let count = 0
  for (let i = 0; i < pairNumbers.length; i++) {
    const [name, value] = [pairs.name(pairNumbers[i]), pairs.value(pairNumbers[i])]
    count += (ranks[name] ^ 1) + (name === value ? 0 : ranks[value] ^ 1)
    ranks[name] = 1
    ranks[value] = 1
  }
  const order = new Uint32Array(count)
  for (let symbol = 0, at = 0; at < count; symbol++) if (ranks[symbol] === 1) order[at++] = symbol
  await sortNumbers(order, (a, b) => compareSymbols(symbols, a, symbols, b), breather)
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank]] = rank
  return { order, ranks }
}
