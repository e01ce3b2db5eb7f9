package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// work is what a call costs: nothing, or the next delay of a table that goes round and round, so that
// any stretch of calls has the table's own quantiles; and a stall holds every call until it is over.
type work struct {
	calls  atomic.Int64
	next   atomic.Int64
	delays []time.Duration
	mutex  sync.Mutex
	until  time.Time
	slept  []int64
}

func newWork(delaysS []float64) *work {
	made := &work{}
	for _, delay := range delaysS {
		made.delays = append(made.delays, time.Duration(delay*float64(time.Second)))
	}
	return made
}

func (w *work) do() {
	if len(w.delays) > 0 {
		w.delay(w.delays[int(w.next.Add(1)-1)%len(w.delays)])
	}
	w.mutex.Lock()
	until := w.until
	w.mutex.Unlock()
	if left := time.Until(until); left > 0 {
		time.Sleep(left)
	}
	w.calls.Add(1)
}

func (w *work) delay(length time.Duration) {
	start := time.Now()
	time.Sleep(length)
	took := time.Since(start).Microseconds()
	w.mutex.Lock()
	w.slept = append(w.slept, took)
	w.mutex.Unlock()
}

func (w *work) stall(length time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.until = time.Now().Add(length)
}

// measured returns how long the delays took by the target's own clock, in microseconds, and forgets them.
func (w *work) measured() []int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	slept := w.slept
	w.slept = nil
	return slept
}
