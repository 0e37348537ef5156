import { formatDollars } from '@spillway/core/amounts.ts';
import type { Route } from '@spillway/core/job.ts';
import { otherSide, type SideFigures } from '@spillway/core/routing/other-side.ts';
import { TableScroll } from '../components/TableScroll.tsx';
import { formatDuration } from '../format/duration.ts';
import { targetLabel } from '../jobs/words.ts';

/** Why a job did not go to the other side: one sentence, and both predictions with their margin. */
export function OtherSide({
  route,
}: {
  route: Pick<Route, 'target' | 'reason' | 'explanation' | 'predicted' | 'ledger'>;
}) {
  const why = otherSide(route);
  return (
    <div class="other-side">
      <p>{why.sentence}</p>
      {why.kind === 'compared' && (
        <>
          {why.tipping && <p class="quiet-words">{why.tipping}</p>}
          <SideFigureTable chosen={why.chosen} alternative={why.alternative} />
        </>
      )}
    </div>
  );
}

/** Wait, service, I/O and margin add up to the finish. */
function SideFigureTable({ chosen, alternative }: { chosen: SideFigures; alternative: SideFigures }) {
  return (
    <TableScroll label="What was expected of both sides">
      <table class="predictions side-figures">
        <thead>
          <tr>
            <th scope="col">Side</th>
            <th scope="col">Wait</th>
            <th scope="col">Service</th>
            <th scope="col">I/O</th>
            <th scope="col">Margin</th>
            <th scope="col">Finish</th>
            <th scope="col">To spare</th>
            <th scope="col">Price</th>
          </tr>
        </thead>
        <tbody>
          <FigureRow side={chosen} note="chosen" />
          <FigureRow side={alternative} note={null} />
        </tbody>
      </table>
    </TableScroll>
  );
}

function FigureRow({ side, note }: { side: SideFigures; note: string | null }) {
  return (
    <tr class={note ? 'chosen' : ''}>
      <th scope="row">
        <span class={`side ${side.target}`}>{targetLabel(side.target)}</span>
        {note && <small> {note}</small>}
      </th>
      <td>{formatDuration(side.waitMs)}</td>
      <td>{formatDuration(side.serviceMs)}</td>
      <td>{formatDuration(side.ioMs)}</td>
      <td>{formatDuration(side.marginMs)}</td>
      <td>{formatDuration(side.finishMs)}</td>
      <td>{side.inTime ? formatDuration(side.spareMs) : `${formatDuration(-side.spareMs)} late`}</td>
      <td>{formatDollars(side.dollars)}</td>
    </tr>
  );
}
