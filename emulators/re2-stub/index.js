throw new Error('re2 is not installed: superstatic works without it');
