/** How often what has happened. Plain numbers, read at a scrape: counting must not cost a hit more than the hit itself. */
export class CacheCounts {
  memoryHits = 0;
  memoryMisses = 0;
  sharedHits = 0;
  sharedMisses = 0;
  fillsStored = 0;
  fillsRefused = 0;
}
