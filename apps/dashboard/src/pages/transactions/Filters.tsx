// The filters: the first always in sight, the others on demand, and what is set in words.
import { Button, CloseButton } from '@mantine/core';
import { IconFilter, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Change, Flat } from '../../app/search.js';
import { FilterField, MetadataField } from './FilterField.js';
import { filterOf, filters, hiddenCount, inWords } from './filters.js';
import classes from './Transactions.module.css';

interface FiltersProps {
  readonly search: Flat;
  readonly onChange: (change: Change) => void;
}

export function Filters({ search, onChange }: FiltersProps) {
  const hidden = hiddenCount(search);
  const [isMore, setIsMore] = useState(false);
  const shown = filters.filter(({ isFirst }) => isFirst === true || isMore);
  return (
    <search aria-label="Filter the transactions" className={classes['filters']}>
      <div className={classes['fields']}>
        {shown.map((filter) => (
          <FilterField
            key={filter.name}
            filter={filter}
            value={search[filter.name] ?? ''}
            onChange={(value) => onChange({ [filter.name]: value })}
          />
        ))}
        {isMore && <MetadataField onChange={onChange} />}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconFilter size={15} />}
          onClick={() => setIsMore(!isMore)}
          aria-expanded={isMore}
        >
          {isMore ? 'Fewer filters' : hidden > 0 ? `More (${hidden} set)` : 'More filters'}
        </Button>
      </div>
      <SetFilters search={search} onChange={onChange} />
    </search>
  );
}

function SetFilters({ search, onChange }: FiltersProps) {
  const set = Object.entries(filterOf(search));
  if (set.length === 0) return null;
  const none = Object.fromEntries(set.map(([name]) => [name, undefined]));
  return (
    <ul className={classes['pills']} aria-label="Filters that are set">
      {set.map(([name, value]) => (
        <li key={name} className={classes['pill']}>
          {inWords(name, value)}
          <CloseButton
            size="xs"
            icon={<IconX size={13} />}
            aria-label={`remove the filter ${inWords(name, value)}`}
            onClick={() => onChange({ [name]: undefined })}
          />
        </li>
      ))}
      <li>
        <Button size="compact-xs" variant="subtle" onClick={() => onChange(none)}>
          Remove all
        </Button>
      </li>
    </ul>
  );
}
