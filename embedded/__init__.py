"""What ./run needs to run everything on one machine. Standard library only: this code
runs before anything is installed. Production images do not carry it."""
