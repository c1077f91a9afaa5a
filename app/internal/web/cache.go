package web

import (
	"container/list"
	"sync"
)

// picture is an answer that may be sent many times. It must not be changed.
type picture struct {
	symbology, format string
	body              []byte
	// etag, mediaType and disposition are header values; the latter may be empty.
	etag, mediaType, length, disposition []string
}

// cache keeps the pictures that were asked for last, up to a number of bytes.
// Its methods may be used by many goroutines.
type cache struct {
	mu     sync.Mutex
	most   int
	used   int
	order  *list.List // of *cached, the last used first
	lookup map[string]*list.Element
}

type cached struct {
	key     string
	picture *picture
}

// entryCost is about what an entry takes besides its key and its body.
const entryCost = 512

// newCache returns a cache of about so many bytes; with none it keeps nothing.
func newCache(bytes int) *cache {
	return &cache{most: bytes, order: list.New(), lookup: map[string]*list.Element{}}
}

func (c *cache) get(key string) *picture {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.lookup[key]
	if !ok {
		return nil
	}
	c.order.MoveToFront(found)
	return found.Value.(*cached).picture
}

// put keeps a picture unless it would take an eighth of the cache by itself.
func (c *cache) put(key string, p *picture) {
	cost := costOf(key, p)
	if cost > c.most/8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.lookup[key]; there {
		return
	}
	c.lookup[key] = c.order.PushFront(&cached{key, p})
	for c.used += cost; c.used > c.most; {
		oldest := c.order.Back()
		entry := c.order.Remove(oldest).(*cached)
		delete(c.lookup, entry.key)
		c.used -= costOf(entry.key, entry.picture)
	}
}

// size returns how many bytes and entries are kept.
func (c *cache) size() (bytes, entries int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used, len(c.lookup)
}

func costOf(key string, p *picture) int { return len(key) + len(p.body) + entryCost }
