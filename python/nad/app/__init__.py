"""The web page of nad: drop a capture or a log, train or open a model, look at what is found and why.

``nad app`` on the command line starts it. The modules beside this one do the work and know nothing of web pages, those
in ``views`` show it with Streamlit, and ``entry`` holds the script that Streamlit runs.
"""
