"""callinsight: recorded sales calls in, content gaps out, on your own machine."""
