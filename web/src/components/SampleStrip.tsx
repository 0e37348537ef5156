import { useState } from 'preact/hooks';

export interface Sample {
  /** File name below `/samples/`. */
  file: string;
  title: string;
}

interface SampleStripProps {
  samples: Sample[];
  onFile(file: File): void;
}

/** Pictures to try the service with. A press uploads one like a picture of one's own. */
export function SampleStrip({ samples, onFile }: SampleStripProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const pick = async (sample: Sample) => {
    setProblem(null);
    try {
      const response = await fetch(`/samples/${sample.file}`);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const blob = await response.blob();
      onFile(new File([blob], sample.file, { type: blob.type }));
    } catch {
      setProblem('The sample could not be loaded. Is the connection up?');
    }
  };
  return (
    <section class="samples" aria-labelledby="samples-title">
      <h2 id="samples-title">No picture at hand? Try one of these.</h2>
      <ul>
        {samples.map((sample) => (
          <li key={sample.file}>
            <button type="button" class="sample" onClick={() => void pick(sample)}>
              <img src={`/samples/${sample.file}`} alt="" width="1000" height="750" loading="lazy" />
              <span>
                <span class="visually-hidden">Try the sample </span>
                {sample.title}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p class="samples-problem" role="status">
        {problem}
      </p>
    </section>
  );
}
