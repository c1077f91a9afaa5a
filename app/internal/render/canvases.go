package render

import "golang.org/x/sync/semaphore"

// maxSmoothPixels bounds images of more than two colours, which need some thirty
// bytes a pixel while they are made and read back.
const maxSmoothPixels = 4 << 20

// canvases bounds what all images that are made at a time need together: one of
// the largest, or many small ones. Who may wait at all is for callers to say.
var canvases = semaphore.NewWeighted(maxSmoothPixels)
