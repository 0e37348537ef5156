import type { Problem } from '@spillway/web/api/schema.ts';
import type { ExplorerAddress } from './explorer-address.ts';

interface WrongAddressProps {
  address: ExplorerAddress;
  errors: NonNullable<Problem['errors']>;
}

/** Explains what in the address there is not, and leads out of it. */
export function WrongAddress({ address, errors }: WrongAddressProps) {
  const given = address.parameters.value;
  return (
    <section class="notice wrong-address" aria-labelledby="wrong-address" role="alert">
      <h2 id="wrong-address">This address asks for something that there is not.</h2>
      <ul>
        {errors.map(({ path, message }) => {
          const name = path.replace(/^query\./, '');
          const value = given.get(name);
          return (
            <li key={path}>
              <code>{value === undefined ? name : `${name}=${value}`}</code>: {message}{' '}
              {value !== undefined && (
                <button type="button" class="button" onClick={() => remove(address, name)}>
                  Take “{name}” away
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <p>
        <button type="button" class="button" onClick={() => address.open('')}>
          Show all jobs
        </button>
      </p>
    </section>
  );
}

function remove(address: ExplorerAddress, name: string): void {
  if (name === 'cursor') address.goTo(null);
  else address.set({ [name]: null });
}
