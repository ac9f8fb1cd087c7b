// What an order of answers is: pure functions, no page. `places` is a Map from handle to
// place (1 is best) or null, in the order shown; every function returns a new one.
// An order is n rows. A tie takes as many rows as it has answers, so places read 1, 2, 2, 4;
// rows may stay free while not every answer has a place.
const Order = (() => {
  // Rows as blocks from the top: a list of handles that share a place, or null for a free row.
  function blocksOf(places) {
    const groups = new Map();
    for (const [handle, place] of places) {
      if (place !== null) groups.set(place, [...(groups.get(place) || []), handle]);
    }
    const blocks = [...groups].sort((a, b) => a[0] - b[0])
      .map(([place, members]) => ({ start: place, members }));
    let free = 1;
    for (const block of blocks) {
      block.start = Math.max(block.start, free);
      free = block.start + block.members.length;
    }
    let end = places.size + 1;
    for (const block of [...blocks].reverse()) {
      block.start = Math.min(block.start, end - block.members.length);
      end = block.start;
    }
    const rows = [];
    let row = 1;
    for (const { start, members } of blocks) {
      for (; row < start; row += 1) rows.push(null);
      rows.push(members);
      row += members.length;
    }
    for (; row <= places.size; row += 1) rows.push(null);
    return rows;
  }

  function placesOf(blocks, places) {
    const found = new Map([...places.keys()].map((handle) => [handle, null]));
    let row = 1;
    for (const block of blocks) {
      for (const handle of block || []) found.set(handle, row);
      row += block ? block.length : 1;
    }
    return found;
  }

  const settle = (places) => placesOf(blocksOf(places), places);
  // The number as given: 1, 1, 2, 3 is not yet 1, 1, 3, 4 while it is being typed.
  const put = (places, handle, place) => new Map(places).set(handle, place);
  const isFull = (places) => [...places.values()].every((place) => place !== null);
  const indexOf = (blocks, handle) => blocks.findIndex((block) => block && block.includes(handle));

  function nextFree(places) {
    let row = 1;
    for (const block of blocksOf(places)) {
      if (!block) return row;
      row += block.length;
    }
    return null;
  }

  // One step up or down: out of a tie first, then past whatever stands there.
  function step(places, handle, by) {
    const blocks = blocksOf(places);
    const at = indexOf(blocks, handle);
    if (at < 0) return places;
    if (blocks[at].length > 1) {
      const others = blocks[at].filter((other) => other !== handle);
      blocks.splice(at, 1, ...(by < 0 ? [[handle], others] : [others, [handle]]));
    } else {
      const to = at + by;
      if (to < 0 || to >= blocks.length) return places;
      [blocks[at], blocks[to]] = [blocks[to], blocks[at]];
    }
    return placesOf(blocks, places);
  }

  const isTiedUpwards = (places, handle) => {
    const block = blocksOf(places).find((found) => found && found.includes(handle));
    return Boolean(block) && block.indexOf(handle) > 0;
  };

  // The same place as the answer above; a second time, a place of its own below.
  function tie(places, handle) {
    const blocks = blocksOf(places);
    const at = indexOf(blocks, handle);
    if (at < 0) return places;
    const others = blocks[at].filter((other) => other !== handle);
    if (isTiedUpwards(places, handle)) {
      blocks.splice(at, 1, others, [handle]);
      return placesOf(blocks, places);
    }
    let above = at - 1;
    while (above >= 0 && !blocks[above]) above -= 1;
    if (above < 0) return places;
    blocks[above] = [...blocks[above], handle];
    blocks.splice(at, 1, ...(others.length ? [others] : []));
    return placesOf(blocks, places);
  }

  // Onto a row, from 0: a free row is taken, else those below make room.
  function drop(places, handle, index) {
    const rows = blocksOf(places).flatMap((block, group) =>
      block ? block.map((other) => ({ other, group })) : [null]);
    const from = rows.findIndex((row) => row && row.other === handle);
    if (!rows[index]) return put(places, handle, index + 1);
    if (from === index) return places;
    if (from >= 0) rows.splice(from, 1);
    rows.splice(index, 0, { other: handle, group: -1 });
    if (from < 0) {
      const below = rows.indexOf(null, index);
      rows.splice(below >= 0 ? below : rows.indexOf(null), 1);
    }
    const here = rows.findIndex((row) => row && row.other === handle);
    const [above, below] = [rows[here - 1], rows[here + 1]];
    if (above && below && above.group === below.group) rows[here].group = above.group;
    const blocks = [];
    rows.forEach((row, i) => {
      if (row && rows[i - 1] && rows[i - 1].group === row.group) blocks.at(-1).push(row.other);
      else blocks.push(row ? [row.other] : null);
    });
    return placesOf(blocks, places);
  }

  const out = (places, handle) => put(places, handle, null);
  // Without free rows between: what a server makes of an order that is not full.
  const close = (places) => placesOf(blocksOf(places).filter(Boolean), places);
  const sharing = (places, handle) => [...places.keys()].filter((other) =>
    other !== handle && places.get(handle) !== null && places.get(other) === places.get(handle));

  return {
    blocksOf, settle, isFull, put, nextFree, up: (p, h) => step(p, h, -1), down: (p, h) => step(p, h, 1),
    tie, isTiedUpwards, drop, out, close, sharing,
  };
})();
