// How a prepared branch stands, in words; in the order in which a person should look.
import type { InDoubtItemView } from '@concordat/wire/operations';
import type { Word } from '../../components/words.js';

export type Standing = InDoubtItemView['standing'];

interface StandingWord extends Word {
  /** Of a group of them. */
  readonly title: string;
}

export const standingWords: { readonly [S in Standing]: StandingWord } = {
  orphaned: {
    tone: 'danger',
    label: 'orphaned',
    title: 'Orphaned: nobody will end them but a person',
    means: 'Its transaction is not in the journal, or has ended: only a person will end it.',
  },
  reappeared: {
    tone: 'attention',
    label: 'reappeared',
    title: 'Reappeared: ended once, and prepared again',
    means: 'It had been ended, and is prepared again: recovery ends it as was decided.',
  },
  'in-doubt': {
    tone: 'wait',
    label: 'ours, in doubt',
    title: 'Ours: their transactions end them',
    means: 'Its transaction is under way, and ends it.',
  },
  others: {
    tone: 'neutral',
    label: 'not ours',
    title: 'Of others: never touched',
    means: 'Its name is none of ours. It is shown because it holds locks, and is never touched.',
  },
};
export const standings = Object.keys(standingWords) as readonly Standing[];

export function isStanding(text: string | undefined): text is Standing {
  return text !== undefined && Object.hasOwn(standingWords, text);
}
